"""What makes a release of this project: the chart, the bill of materials, repeatable builds."""
