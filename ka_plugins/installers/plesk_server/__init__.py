"""A simulated Plesk server: it speaks the XML API's license operations, plays faults on order, and sells nothing."""
