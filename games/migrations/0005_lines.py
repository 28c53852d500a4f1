import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('games', '0004_join_ids'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='invitation',
            options={'verbose_name': 'name on a list of players', 'verbose_name_plural': 'lists of players'},
        ),
        migrations.AlterField(
            model_name='invitation',
            name='game',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='games.game', verbose_name='game'),
        ),
        migrations.AlterField(
            model_name='invitation',
            name='name',
            field=models.CharField(max_length=300, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='invitation',
            name='name_key',
            field=models.CharField(editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name='invitation',
            name='chosen',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='invitation',
            name='player',
            field=models.ForeignKey(blank=True, help_text='The number of an account or of a guest. Empty: nobody’s.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='player'),
        ),
        migrations.CreateModel(
            name='Winner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=300, verbose_name='name')),
                ('name_key', models.CharField(editable=False, max_length=200)),
                ('chosen', models.BooleanField(db_default=False, default=False, editable=False)),
                ('game', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='winners', to='games.game', verbose_name='game')),
                ('player', models.ForeignKey(blank=True, help_text='The number of an account or of a guest. Empty: nobody’s.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='player')),
            ],
            options={
                'verbose_name': "name on a winners' list",
                'verbose_name_plural': "winners' lists",
                'constraints': [models.UniqueConstraint(models.F('game'), models.F('name_key'), name='winner_once_a_game')],
            },
        ),
    ]
