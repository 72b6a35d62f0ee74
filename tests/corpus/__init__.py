"""The corpus: every good and bent package of the tests, with what a verifier is to find in it.

    scripts/corpus FOLDER        writes <class>/<name>.zip and index.json, the same bytes each time

A case states which codes fail on which file and what stays open; Python's whole report stands
beside it, and the verifier in the browser (webapp/tests/verify) must give the same, word for word.
Not here: the packages that other tests bend, which are taken from where they stand.
"""
