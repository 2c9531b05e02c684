//! Memory in which the futures of requests run, one after the other: a connection that is idle
//! has none, and a request allocates none.

use std::cell::RefCell;
use std::pin::Pin;

use recycle_box::RecycleBox;

/// How many are kept; a thread rarely has more requests at a time.
const MOST: usize = 1024;

/// Those of one thread.
#[derive(Default)]
pub struct Rooms {
    free: RefCell<Vec<RecycleBox<()>>>,
}

impl Rooms {
    /// Runs `future` in one of them.
    pub fn run<'a, F: Future + 'a>(&'a self, future: F) -> impl Future<Output = F::Output> + 'a {
        let room = self.free.borrow_mut().pop().unwrap_or_else(|| RecycleBox::new(()));
        let mut running: Pin<RecycleBox<F>> = RecycleBox::recycle(room, future).into();
        async move {
            let output = running.as_mut().await;
            let mut free = self.free.borrow_mut();
            if free.len() < MOST {
                free.push(RecycleBox::vacate_pinned(running));
            }
            output
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_used_again() {
        let rooms = Rooms::default();
        let size_of_large = rooms.run(async { size_of_val(&[7u64; 100]) }).await;
        assert_eq!(size_of_large, 800);
        assert_eq!(rooms.run(async { 1 }).await + rooms.run(std::future::ready(2)).await, 3);
        assert_eq!(rooms.free.borrow().len(), 1);
        let nested = rooms.run(async { rooms.run(std::future::ready(4)).await }).await;
        assert_eq!((nested, rooms.free.borrow().len()), (4, 2));
    }
}
