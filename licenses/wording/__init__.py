"""How a request stands and what comes next, in a person's words; and what he may do with it now."""

from licenses.wording.actions import actions_of
from licenses.wording.line import Step, steps_of
from licenses.wording.next_step import NextStep, fault_of, next_step
from licenses.wording.order import ordered, text_for_vendor

__all__ = ["NextStep", "Step", "actions_of", "fault_of", "next_step", "ordered", "steps_of", "text_for_vendor"]
