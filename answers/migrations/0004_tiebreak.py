"""Call the tie-breaker among winners so: a rank is a place on the leaderboard."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("answers", "0003_browsers")]

    operations = [migrations.RenameField("answer", "rank", "tiebreak")]
