"""The pump: claims a batch, submits it, records the outcome. Nothing else sends.

``policy`` says what is made of an outcome, as a value; ``pump`` does the three steps for one
account; ``crew`` runs as many pumps at once as the accounts allow, until there is nothing to do.
"""
