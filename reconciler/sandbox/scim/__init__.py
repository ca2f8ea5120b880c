"""The SCIM endpoint of IAM Identity Center, over the same store as its other services.

What is documented is enforced as it is documented (IAM Identity Center SCIM implementation, developer guide).
Where nothing is known, the sandbox takes the reading that is harder on a client: names of attributes and
operators in their documented case only, `members[value eq …]` refused, PUT clearing the
attributes that it leaves out.
"""
