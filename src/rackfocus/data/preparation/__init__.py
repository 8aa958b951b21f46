"""Making data sets: captures aligned and judged, subjects cut out, pictures to label, videos sorted."""
