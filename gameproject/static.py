"""Hashed static file names, in module imports too."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFiles(ManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
