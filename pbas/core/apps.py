from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import m2m_changed, post_delete, post_migrate, post_save, pre_migrate


class CoreConfig(AppConfig):
    name = "pbas.core"
    label = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Migrations wait shortly, roles exist after each; kept rights and views are forgotten when they change."""
        from pbas.core import migrating, records, rights, within
        from pbas.core.lists import models as lists
        from pbas.core.notices import services as notices

        user = get_user_model()
        pre_migrate.connect(migrating.wait_shortly, sender=self)
        post_migrate.connect(migrating.wait_as_usual, sender=self)
        post_migrate.connect(rights.make_roles, sender=self)
        m2m_changed.connect(rights.on_groups_changed, sender=user.groups.through)
        post_save.connect(rights.on_user_saved, sender=user)
        post_save.connect(lists.on_view_changed, sender=lists.SavedView)
        post_delete.connect(lists.on_view_changed, sender=lists.SavedView)
        user_logged_in.connect(notices.on_login)
        records.know(records.FORMS)
        within.register()
