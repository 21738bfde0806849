"""What workers do about data of people who are gone."""

from app.core.log import logger
from app.privacy import service
from app.worker.registry import TaskContext, periodic


@periodic("privacy.settle", every=60)
async def settle(context: TaskContext) -> None:
    """Remove what requests under way had still stored of accounts that were erased meanwhile."""
    number = await service.settle(context.database)
    if number:
        logger.info("privacy.settled", count=number)
