"""Delivery reports through the collector, beside the bare UPDATEs and a naive reader."""
