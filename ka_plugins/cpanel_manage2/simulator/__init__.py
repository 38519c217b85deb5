"""Manage2's dialect for the simulator."""

from ka_plugins.cpanel_manage2.simulator.dialect import CpanelManage2Dialect

__all__ = ["CpanelManage2Dialect"]
