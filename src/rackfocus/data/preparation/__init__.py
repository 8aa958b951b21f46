"""Creating data sets: aligning and checking captures, cutting out subjects, labelling, sorting videos."""
