//! Runs futures in an order drawn from a seed, in virtual time, and can let any
//! of them die at any await. One thread, no runtime: the same seed is the same
//! run. It must not know what the futures do.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::config::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;

thread_local! {
    static CURRENT: Cell<u64> = const { Cell::new(0) };
}

/// The task that is being polled; 0 outside of any.
pub(crate) fn current_task() -> u64 {
    CURRENT.get()
}

/// Virtual time, and who waits for it.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    now_ms: Arc<AtomicI64>,
    waiting: Arc<Mutex<BTreeMap<(i64, u64), Waker>>>,
    next: Arc<AtomicU64>,
}

impl Clock {
    pub(crate) fn starting_at(now_ms: i64) -> Self {
        Self {
            now_ms: Arc::new(AtomicI64::new(now_ms)),
            waiting: Arc::default(),
            next: Arc::default(),
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn advance_to(&self, now_ms: i64) {
        self.now_ms.fetch_max(now_ms, Ordering::Relaxed);
        let mut waiting = self.waiting.lock().unwrap();
        while let Some(first) = waiting.first_entry().filter(|first| first.key().0 <= self.now_ms())
        {
            first.remove().wake();
        }
    }

    /// Waits; 0 gives way to others once.
    pub(crate) fn pause(&self, ms: i64) -> Pause {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Pause { clock: self.clone(), until_ms: self.now_ms() + ms, number, yielded: false }
    }
}

impl AsyncSleep for Clock {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(self.pause(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)))
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.now_ms()).unwrap_or_default())
    }
}

/// See [`Clock::pause`].
pub(crate) struct Pause {
    clock: Clock,
    until_ms: i64,
    number: u64,
    yielded: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let due = self.until_ms <= self.clock.now_ms();
        if due && self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        if due {
            context.waker().wake_by_ref();
        } else {
            let key = (self.until_ms, self.number);
            self.clock.waiting.lock().unwrap().insert(key, context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.clock.waiting.lock().unwrap().remove(&(self.until_ms, self.number));
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// When a task dies, if it has not ended before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Life {
    /// After so many polls.
    pub(crate) polls: u64,
    /// After so much virtual time, in milliseconds.
    pub(crate) ms: i64,
}

struct Task<'a, T> {
    id: u64,
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    woken: Arc<Flag>,
    polls_left: u64,
    dies_at_ms: i64,
}

/// How a task ended.
pub(crate) enum Ended<T> {
    /// It came to its end.
    With(T),
    /// It was dropped.
    Killed,
}

/// The tasks of one world.
pub(crate) struct Scheduler<'a, T> {
    pub(crate) clock: Clock,
    pub(crate) random: fastrand::Rng,
    tasks: Vec<Task<'a, T>>,
    next_id: u64,
}

impl<'a, T> Scheduler<'a, T> {
    pub(crate) fn new(clock: Clock, random: fastrand::Rng) -> Self {
        Self { clock, random, tasks: Vec::new(), next_id: 1 }
    }

    /// Starts a task and says its number, by which [`Scheduler::step`] tells its end.
    pub(crate) fn start(&mut self, life: Life, future: impl Future<Output = T> + 'a) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.tasks.push(Task {
            id,
            future: Box::pin(future),
            woken: Arc::new(Flag(AtomicBool::new(true))),
            polls_left: life.polls,
            dies_at_ms: self.clock.now_ms().saturating_add(life.ms),
        });
        id
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Polls one task that can go on, or lets time pass until one can, but not
    /// past `until_ms`. Says who has ended, if somebody has; `None` at `until_ms`.
    pub(crate) fn step(&mut self, until_ms: i64) -> Option<Option<(u64, Ended<T>)>> {
        let now_ms = self.clock.now_ms();
        if let Some(place) = self.tasks.iter().position(|task| task.dies_at_ms <= now_ms) {
            return Some(Some((self.tasks.swap_remove(place).id, Ended::Killed)));
        }
        let ready: Vec<usize> = (0..self.tasks.len())
            .filter(|&place| self.tasks[place].woken.0.load(Ordering::Relaxed))
            .collect();
        let Some(&place) = self.random.choice(&ready) else {
            let timer = self.clock.waiting.lock().unwrap().keys().next().map(|(at_ms, _)| *at_ms);
            let death = self.tasks.iter().map(|task| task.dies_at_ms).min();
            let next_ms = timer.into_iter().chain(death).min().unwrap_or(i64::MAX).min(until_ms);
            self.clock.advance_to(next_ms);
            return (next_ms < until_ms).then_some(None);
        };
        let task = &mut self.tasks[place];
        if task.polls_left == 0 {
            return Some(Some((self.tasks.swap_remove(place).id, Ended::Killed)));
        }
        task.polls_left -= 1;
        task.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&task.woken));
        CURRENT.set(task.id);
        let polled = task.future.as_mut().poll(&mut Context::from_waker(&waker));
        CURRENT.set(0);
        let ended = match polled {
            Poll::Ready(value) => Some((self.tasks.swap_remove(place).id, Ended::With(value))),
            Poll::Pending => None,
        };
        self.clock.advance_to(now_ms + self.random.i64(0..4));
        Some(ended)
    }
}
