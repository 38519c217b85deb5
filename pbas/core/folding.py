"""Templates are compiled once a language: what a call says the same on every page stands in the page as text.

Words, icons and addresses are most of what a list draws around its rows; looked up on each page they cost as much as
these.
"""

from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

import jinja2
from django.template.backends.jinja2 import Jinja2
from django.utils.translation import get_language, override
from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from pbas.core.generating import NAMES, Code, written

WORDS = ("_", "gettext", "pgettext")  # followed by variables they are a format
COUNTED = "ngettext"  # what it says is known on the page only
_DRAWN = "_drawn"  # the name that an included part or a loop has for a moment


class Template(jinja2.Template):
    """Jinja2's, whose code writes values down by `written`. None has globals of its own."""

    def _get_default_module(self, _ctx: Any = None) -> Any:
        """What is imported without context: always the same, so no globals have to be compared."""
        return super()._get_default_module()

    @classmethod
    def _from_namespace(
        cls, environment: jinja2.Environment, namespace: MutableMapping[str, Any], *rest: Any
    ) -> jinja2.Template:
        namespace.update(NAMES, escape=written)
        return super()._from_namespace(environment, namespace, *rest)


class Environment(jinja2.Environment):
    """Jinja2's, for one language. `constant` are functions that answer the same to the same as long as it runs."""

    template_class = Template
    code_generator_class = Code
    language = ""
    constant: dict[str, Callable[..., Any]]

    def in_language(self, language: str) -> "Environment":
        """The same, with compiled templates of its own."""
        made = self.overlay()
        made.language = language
        return made

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        known = {name: function for name, function in self.constant.items() if name not in _own(source)}
        with override(self.language or None):
            folded = _Folding(self, known).visit(source)
        return super()._generate(folded, *args, **kwargs)


class Templates(Jinja2):
    """Django's back end, with an environment for each language."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._in_language = lru_cache(self._first.in_language)

    @property  # type: ignore[override] # a plain attribute in Django's
    def env(self) -> Environment:
        """That of the language which is active."""
        return self._in_language(get_language() or "")

    @env.setter
    def env(self, first: Environment) -> None:
        self._first = first


class _Folding(NodeTransformer):
    """Puts answers in the place of calls whose arguments are known."""

    def __init__(self, environment: Environment, constant: dict[str, Callable[..., Any]]) -> None:
        self._environment, self._constant = environment, constant
        self._is_looping = False

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 (the visitor's)
        """A constant, or for words with variables a format; other calls stay."""
        self.generic_visit(node)  # an icon's label first, then the icon
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name not in self._constant or node.dyn_args is not None or node.dyn_kwargs is not None:
            return node
        if name not in WORDS:  # found at once, where a loop would look up its name on each round
            node.node = nodes.Getitem(nodes.EnvironmentAttribute("constant"), nodes.Const(name), "load")
            self._put(node.node, node)
        if name == COUNTED:
            return node
        try:
            args = [one.as_const() for one in node.args]
            if name in WORDS:
                return self._words(node, self._constant[name](*args))
            kwargs = dict(one.as_const() for one in node.kwargs)
        except nodes.Impossible:
            return node
        return self._put(nodes.Const(_plain(self._constant[name](*args, **kwargs))), node)

    def visit_Include(self, node: nodes.Include) -> list[nodes.Node]:  # noqa: N802 (the visitor's)
        """One text, as of a macro: else each piece of a list goes up by itself through all templates around it."""
        return self._drawn(node)

    def visit_For(self, node: nodes.For) -> nodes.Node | list[nodes.Node]:  # noqa: N802 (the visitor's)
        """One text, whose pieces are put down many at a time; loops within are a part of it."""
        is_inner, self._is_looping = self._is_looping, True
        self.generic_visit(node)
        self._is_looping = is_inner
        return node if is_inner else self._drawn(node)

    def _drawn(self, node: nodes.Node) -> list[nodes.Node]:
        drawn = nodes.AssignBlock(nodes.Name(_DRAWN, "store"), None, [node])
        return [self._put(one, node) for one in (drawn, nodes.Output([nodes.Name(_DRAWN, "load")]))]

    def _words(self, node: nodes.Call, text: str) -> nodes.Node:
        """As Jinja2's own gettext: what is translated is markup, and always a format."""
        said = Markup(text)  # noqa: S704 (our own words)
        if not node.kwargs:
            return self._put(nodes.Const(said % {}), node)
        pairs = [nodes.Pair(nodes.Const(one.key), one.value) for one in node.kwargs]
        return self._put(nodes.Mod(nodes.Const(said), nodes.Dict(pairs)), node)

    def _put(self, made: nodes.Node, instead_of: nodes.Node) -> nodes.Node:
        return made.set_lineno(instead_of.lineno).set_environment(self._environment)


def _own(source: nodes.Template) -> set[str]:
    """The names that a template gives to something itself."""
    names = {one.name for one in source.find_all(nodes.Name) if one.ctx != "load"}
    names |= {one.name for one in source.find_all(nodes.Macro)}
    return names | {one.target for one in source.find_all(nodes.Import)}


def _plain(answer: str) -> str:
    """Of a type that Jinja2 writes into the code it makes."""
    return Markup(answer) if hasattr(answer, "__html__") else str(answer)  # noqa: S704 (it says that it is markup)
