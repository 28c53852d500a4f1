from django.conf import settings
from django.db import migrations, models

# The attempts so far get their numbers in the order in which they were made.
NUMBER = """
UPDATE answers_answer SET attempt = numbered.place FROM (
    SELECT id, ROW_NUMBER() OVER (
        PARTITION BY game_id, player_id, question ORDER BY id
    ) AS place FROM answers_answer
) AS numbered WHERE numbered.id = answers_answer.id AND numbered.place > 1
"""


class Migration(migrations.Migration):

    dependencies = [
        ('answers', '0001_initial'),
        ('games', '0003_notices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='answer',
            name='attempt',
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.RemoveIndex(
            model_name='answer',
            name='answer_game_player',
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(models.F('game'), models.F('player'), models.F('submitted_at'), name='answer_in_time'),
        ),
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
    ]
