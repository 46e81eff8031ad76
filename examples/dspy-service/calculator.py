"""Arithmetic for the agent, without eval()."""

import ast
import operator
from collections.abc import Callable

MAX_LENGTH = 200
MAX_EXPONENT = 64

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


def calculator(expression: str) -> str:
    """Work out an arithmetic expression of numbers, parentheses and + - * / // % **."""
    if len(expression) > MAX_LENGTH:
        raise ValueError(f"the expression is longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"{expression!r} is not an arithmetic expression") from error
    return str(_value(tree.body))


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = _value(left), _value(right)
            # The only operator whose result outgrows its operands without bound.
            if isinstance(op, ast.Pow) and (abs(b) > MAX_EXPONENT or abs(a) > 10**9):
                raise ValueError(f"the power in {ast.unparse(node)!r} is too large")
            return _BINARY[type(op)](a, b)
    raise ValueError(f"{ast.unparse(node)!r} is not arithmetic")
