"""The chapters of the specification, in order."""

from __future__ import annotations

from tests.spec import (
    chapter_1_regimens,
    chapter_2_dates,
    chapter_2_ranges,
    chapter_3_amounts,
    chapter_3_records,
    chapter_4_delays,
    chapter_4_gaps,
    chapter_4_loading,
    chapter_4_maintenance,
    chapter_4_refer,
    chapter_4_regimens,
    chapter_4_table,
    chapter_4_texts,
    chapter_5_boundaries,
    chapter_5_dates,
    chapter_5_doses,
    chapter_5_doubt,
    chapter_5_ended,
    chapter_5_gaps,
    chapter_5_go_live,
    chapter_6_dates,
    chapter_6_orders,
    chapter_6_suggested,
    chapter_7_findings,
    chapter_8_document,
    chapter_10_monitoring,
)

CHAPTERS = tuple(
    module.CHAPTER
    for module in (
        chapter_1_regimens,
        chapter_2_dates,
        chapter_2_ranges,
        chapter_3_records,
        chapter_3_amounts,
        chapter_4_loading,
        chapter_4_gaps,
        chapter_4_maintenance,
        chapter_4_table,
        chapter_4_delays,
        chapter_4_texts,
        chapter_4_refer,
        chapter_4_regimens,
        chapter_5_dates,
        chapter_5_boundaries,
        chapter_5_doubt,
        chapter_5_doses,
        chapter_5_gaps,
        chapter_5_ended,
        chapter_5_go_live,
        chapter_6_dates,
        chapter_6_orders,
        chapter_6_suggested,
        chapter_7_findings,
        chapter_8_document,
        chapter_10_monitoring,
    )
)
CASES = tuple(case for chapter in CHAPTERS for case in chapter.cases)
