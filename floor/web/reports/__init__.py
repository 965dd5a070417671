"""Reports: KPIs, charts, the status timeline, the details of a stop, the shift report."""
