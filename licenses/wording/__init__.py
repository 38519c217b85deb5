"""How a request stands and what comes next, in a person's words; and what he may do with it now."""

from licenses.wording.actions import actions_of
from licenses.wording.choice import Difference, differences, lines_of, vendor_account
from licenses.wording.line import Step, steps_of, timed_steps
from licenses.wording.next_step import NextStep, fault_of, next_step
from licenses.wording.order import names_of, ordered, text_for_vendor
from licenses.wording.proof import Proof, proof_of
from licenses.wording.verbs import QUESTIONS, Question, question_of

__all__ = [
    "QUESTIONS",
    "Difference",
    "NextStep",
    "Proof",
    "Question",
    "Step",
    "actions_of",
    "differences",
    "fault_of",
    "lines_of",
    "names_of",
    "next_step",
    "ordered",
    "proof_of",
    "question_of",
    "steps_of",
    "text_for_vendor",
    "timed_steps",
    "vendor_account",
]
