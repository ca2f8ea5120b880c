"""Edits of the YAML files of identities that keep what people wrote: comments, order, quotes, line ends.

    editor = Editor(Path("identities"))
    path = editor.find("users", "ada")                                   # the file that declares a key
    editor.assign(path, ("users", "ada", "title"), "Engineer")           # change, or add, one field
    editor.assign("people.yaml", ("users", "cyd"), {"user_name": "cyd@example.com"})       # add an entry
    editor.append("groups.yaml", ("groups", "sre", "members"), "cyd")    # add to a list
    editor.rename(path, ("users", "ada"), "ada.okafor")                  # another key
    editor.remove("groups.yaml", ("groups", "sre", "members", 0))        # take out an entry
    print(editor.diff())
    editor.write()                                                       # loads the result; all or nothing

`splicing` edits the text of one file: it replaces the few characters that an edit is about and never dumps
a document. It reads the result again, and refuses a form that it cannot edit instead of changing something
else. `folder` holds the edits of a whole folder until they are written, refuses files that an import owns,
and loads the result as `reconciler validate` does. PyYAML, which reads the files strictly
(`reconciler.files.yaml`), tells where nodes are: a second parser could read a file otherwise than the first.
"""

from reconciler.editing.folder import Editor
from reconciler.editing.nodes import Loc

__all__ = ["Editor", "Loc"]
