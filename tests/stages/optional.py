import __static__


class Node:
    def __init__(self, value: int, next: "Node | None") -> None:
        self.value: int = value
        self.next: Node | None = next


def total(node: Node | None) -> int:
    sum = 0
    while node is not None:
        sum += node.value
        node = node.next
    return sum
