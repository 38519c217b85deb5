"""The Python that templates become: how it looks up attributes, calls methods and writes values down.

A page of a list does so two thousand times; where it can be helped, no function of Jinja2's stands between.
"""

from operator import call
from typing import Any

from django.utils.safestring import SafeString
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import (  # type: ignore[attr-defined] # one name is for itself alone
    Markup,
    _escape_inner,  # what `escape` calls
    escape,
)

NAMES = {"_text": _escape_inner, "_call": call}  # that the code needs beside Jinja2's own


def written(value: Any) -> str:
    """A value as it stands in a page: as markupsafe escapes it, but no markup is made of what is only written down.

    A page of a list writes eight hundred values; each would be an object of a class of its own for no longer than that.
    """
    kind = type(value)
    if kind is str:
        return _escape_inner(value)
    if kind is int:
        return str(value)
    return value if kind is Markup or kind is SafeString else escape(value)


class Code(CodeGenerator):
    """Jinja2's, for pages that are drawn in one go (no `async`)."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 (the visitor's)
        """Python's own `getattr`; Jinja2's, which looks for a key next, where there is no such attribute."""
        self.write("(_found if (_found := getattr((_of := ")
        self.visit(node.node, frame)
        self.write(f"), {node.attr!r}, missing)) is not missing else environment.getattr(_of, {node.attr!r}))")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802, FBT001, FBT002 (as above)
        """A method, or another template's macro, is called as it is; a function by its name may want the context."""
        if not isinstance(node.node, nodes.Getattr):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.write("_call(")
        self.visit(node.node, frame)
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if _is_escaped(frame, finalize):
            self.write("(_text(_said) if type(_said := ")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if _is_escaped(frame, finalize):
            self.write(") is str else escape(_said))")
        else:
            super()._output_child_post(node, frame, finalize)


def _is_escaped(frame: Frame, finalize: Any) -> bool:
    """Whether a value is to be escaped, and nothing else, on whatever page it stands."""
    return frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None
