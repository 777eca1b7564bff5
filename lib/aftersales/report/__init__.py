"""From notebooks and regions to HTML pages: plan, run, convert, gather."""
