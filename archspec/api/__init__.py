"""The verbs in Python, by what they give: networks, reports, designs, searches, builds."""
