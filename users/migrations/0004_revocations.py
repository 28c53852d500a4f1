from django.db import migrations, models

from users import session_triggers


class Migration(migrations.Migration):

    dependencies = [
        ('sessions', '0001_initial'),
        ('users', '0003_api_tokens'),
    ]

    operations = [
        migrations.CreateModel(
            name='Revocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(blank=True, default='', max_length=40)),
                ('player_id', models.BigIntegerField(null=True)),
                ('at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunPython(session_triggers.create, session_triggers.drop),
    ]
