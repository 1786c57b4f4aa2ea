-- Reported later than 24 hours after the last thing that the report tells of.
select case_id
from core."case"
where deleted_at is null
    and reported_at - coalesce(
        greatest(
            case when decided_at <= reported_at then decided_at end,
            case when closed_at <= reported_at then closed_at end,
            case when delivered_at <= reported_at then delivered_at end
        ),
        case when accepted_at <= reported_at then accepted_at end,
        case when applied_at <= reported_at then applied_at end
    ) > interval '24 hours'
