"""The large organisation that the figures are measured on, as YAML files.

100,000 users of 9 fields and 10,000 groups of 100 plain members in 500 files: half of what one AWS Identity
Center instance takes of users. No randomness: the same arguments write the same bytes.

python -m benchmarks.organisation FOLDER
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

# Nine fields a user, written as people write them: plain scalars where YAML allows it.
USER = """\
  user{n}:
    user_name: user{n}@example.com
    given_name: Given{n}
    family_name: Family{n}
    display_name: Given{n} Family{n}
    email: user{n}@example.com
    title: Engineer {title}
    department: Department {department}
    employee_number: "{n:08d}"
    cost_center: CC{center}
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How large. `files` is how many YAML files hold it, in proportion to what they hold."""

    users: int = 100_000
    groups: int = 10_000
    members: int = 100
    files: int = 500

    def __str__(self) -> str:
        return (
            f"{self.users:,} users of 9 fields, {self.groups:,} groups of {self.members} members, "
            f"{self.files} files"
        )


def write_organisation(folder: Path, size: Size = Size()) -> int:
    """Write the files into `folder` (made if absent); returns how many bytes they have."""
    user_files = size.files // 2
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for index, numbers in enumerate(_shares(size.users, user_files)):
        written += _put(folder / f"users-{index:03d}.yaml", "users:\n" + "".join(map(_user, numbers)))
    for index, numbers in enumerate(_shares(size.groups, size.files - user_files)):
        groups = "".join(_group(number, size) for number in numbers)
        written += _put(folder / f"groups-{index:03d}.yaml", "groups:\n" + groups)
    return written


def member_numbers(group: int, size: Size) -> list[int]:
    """The numbers of a group's members, each once, spread over all users."""
    start, count = group * 37, min(size.members, size.users)
    step = max(1, size.users // count)
    return [(start + position * step) % size.users for position in range(count)]


def _shares(total: int, parts: int) -> list[range]:
    """`range(total)` in `parts` consecutive pieces that differ by one at most."""
    edges = [total * part // parts for part in range(parts + 1)]
    return [range(first, last) for first, last in pairwise(edges)]


def _user(number: int) -> str:
    return USER.format(n=number, title=number % 7, department=number % 50, center=number % 100)


def _group(number: int, size: Size) -> str:
    members = "".join(f"      - user{user}\n" for user in member_numbers(number, size))
    return f"  group{number}:\n    display_name: Group {number}\n    members:\n{members}"


def _put(path: Path, text: str) -> int:
    return path.write_bytes(text.encode())


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.organisation FOLDER")
    size = Size()
    print(f"{size}: {write_organisation(Path(sys.argv[1]), size):,} bytes")


if __name__ == "__main__":
    main()
