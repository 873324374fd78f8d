"""How fast the program is, beside what a user would write instead and beside the limit.

`make bench` runs it: the contenders of each path take turns, each as a process of its own, and one
table shows their medians. Nothing here asserts how long something may take: what is compared was
measured on the same machine at the same time, and a target is shown beside what it was held to.
"""
