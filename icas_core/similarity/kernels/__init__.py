"""The compiled inner loops; importing one of them loads numba, so the methods do it when first compared."""
