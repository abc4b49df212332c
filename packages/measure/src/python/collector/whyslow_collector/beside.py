"""What goes on in addition to the calls in a process of Python, and holding it still: other tasks of the event loop that calls run on, sessions of
onnxruntime other than the one that the calls are about, threads. The same as beside/others.ts; the standard library alone.
"""
import heapq
import os
import sys
import threading
import time

#: How long is looked, s, and what is nothing to be taken away, of the time.
LOOK_S = 0.3
LEAST_SHARE = 0.01
PASSES = 2
#: How many times as long as usual a call may take before it is said to wait for what is held, and how long at least, s.
PATIENCE = 10
LEAST_PATIENCE_S = 1.0
#: A thread that has not stopped by then waits for something, or is in native code, s.
STOP_S = 0.25


class Loop:
    """Tasks of an event loop that stands still between calls: what it has planned is put aside."""

    def __init__(self, loop_of):
        self.loop_of = loop_of
        self.aside = None

    def busy_share(self):
        """CPU time of this thread, of the time that the loop has nothing but its own tasks; 0 where there is none."""
        loop = self.loop_of()
        if loop is None:
            return 0.0
        import asyncio

        begin, used = time.perf_counter(), time.thread_time()
        loop.run_until_complete(asyncio.sleep(LOOK_S))
        return (time.thread_time() - used) / (time.perf_counter() - begin)

    def hold(self):
        loop = self.loop_of()
        ready, planned = getattr(loop, "_ready", None), getattr(loop, "_scheduled", None)
        if ready is None or planned is None:
            return
        self.aside = (list(ready), list(planned))
        ready.clear()
        planned.clear()

    def release(self):
        if self.aside is None:
            return
        loop = self.loop_of()
        loop._ready.extend(self.aside[0])
        loop._scheduled.extend(self.aside[1])
        heapq.heapify(loop._scheduled)
        self.aside = None


class Session:
    def __init__(self, file):
        self.file = file
        self.runs = self.ns = 0
        self.kept = []
        self.next = self.due = 0
        self.last = None


class Sessions:
    """`InferenceSession.run`, on the class: sessions that are open already are watched as well."""

    def __init__(self):
        self.all = {}
        self.state = "free"
        self.main = None
        self.is_patched = False

    def patch(self):
        found = getattr(sys.modules.get("onnxruntime"), "InferenceSession", None)
        if found is None or self.is_patched:
            return
        self.is_patched = True
        run, asked = found.run, self.asked

        def watched(session, *given, **named):
            return asked(session, lambda: run(session, *given, **named))

        found.run = watched

    def of(self, session):
        one = self.all.get(id(session))
        if one is None:
            # It is kept alive with what is known of it, so that no other gets its id.
            one = Session(getattr(session, "_model_path", None) or None)
            one.session = session
            self.all[id(session)] = one
        return one

    def ran(self):
        """(runs, ns) of each that ran, since it was asked last."""
        found = {one: (one.runs, one.ns) for one in self.all.values() if one.runs}
        for one in self.all.values():
            one.runs = one.ns = 0
        return found

    def keep(self):
        for one in self.all.values():
            one.kept, one.next, one.due = [], 0, 0
        self.state = "keeping"

    def begin_pass(self):
        for one in self.all.values():
            one.due += len(one.kept)

    def asked(self, session, run):
        one = self.of(session)
        if self.state == "held" and one is not self.main:
            return self.answered(one)
        one.runs += 1
        start = time.perf_counter_ns()
        outputs = run()
        one.ns += time.perf_counter_ns() - start
        if one is not self.main:
            one.last = copied(outputs)
            if self.state == "keeping":
                one.kept.append(one.last)
        return outputs

    def answered(self, one):
        """Answers at once if an answer is due; a caller that asks more often works in the background, and waits as for a run of one millisecond."""
        if one.due > 0 and one.kept:
            one.due -= 1
            one.next += 1
            return copied(one.kept[(one.next - 1) % len(one.kept)])
        time.sleep(0.001)
        return copied(one.last)


def copied(outputs):
    """New arrays, as a session gives them: they may be written into."""
    if not isinstance(outputs, (list, tuple)):
        return outputs
    return [one.copy() if hasattr(one, "copy") else one for one in outputs]


class Threads:
    """Threads of `threading` that the program started. They stop where they wait (`time.sleep`, `Event.wait`, `Queue.get`), and from Python 3.12 on at
    the next line that they run."""

    def __init__(self):
        self.before = {one.ident for one in threading.enumerate()}
        self.gate = threading.Lock()
        self.held = False
        #: Those that are held; others begin meanwhile, as whoever watches the time.
        self.targets, self.stopped = set(), set()
        self.tool = None
        self.watched = []
        self.stop_where_they_wait()

    def stop_where_they_wait(self):
        import queue

        def stopping(original):
            def wait(*given, **named):
                found = original(*given, **named)
                self.stop()
                return found

            return wait

        time.sleep = stopping(time.sleep)
        threading.Event.wait = stopping(threading.Event.wait)
        queue.Queue.get = stopping(queue.Queue.get)

    def others(self):
        return [one.ident for one in threading.enumerate() if one.ident not in self.before and one.is_alive()]

    def watch(self):
        """Tells, when called, the share of the time since that each was on a CPU (None: not told); of those that
        have ended, nothing."""
        begin, before = time.perf_counter(), {ident: cpu_ns(ident) for ident in self.others()}

        def shares():
            took = (time.perf_counter() - begin) * 1e9
            now = {ident: cpu_ns(ident) for ident in self.others() if ident in before}
            return [None if used is None else (used - before[ident]) / took for ident, used in now.items()]

        return shares

    def stop(self, *_):
        ident = threading.get_ident()
        if self.held and ident in self.targets:
            self.stopped.add(ident)
            with self.gate:
                pass

    def hold(self):
        self.gate.acquire()
        self.targets, self.stopped = set(self.others()), set()
        self.held = True
        if sys.version_info >= (3, 12):
            self.stop_at_lines()
        until = time.perf_counter() + STOP_S
        while not self.targets <= self.stopped and time.perf_counter() < until:
            REAL_SLEEP(STOP_S / 100)
        # Calls may run the same lines, and pay for each that is watched.
        self.watch_lines_no_more()

    def stop_at_lines(self):
        monitoring = sys.monitoring
        for tool in (3, 4):
            try:
                monitoring.use_tool_id(tool, "whyslow")
            except ValueError:
                continue
            self.tool = tool
            break
        if self.tool is None:
            return
        events = monitoring.events
        for event in (events.LINE, events.JUMP):
            monitoring.register_callback(self.tool, event, self.stop)
        frames = sys._current_frames()
        for ident in self.others():
            frame = frames.get(ident)
            while frame is not None:
                monitoring.set_local_events(self.tool, frame.f_code, events.LINE | events.JUMP)
                self.watched.append(frame.f_code)
                frame = frame.f_back

    def release(self):
        if not self.held:
            return
        self.held = False
        self.gate.release()

    def watch_lines_no_more(self):
        if self.tool is not None:
            # Freeing the id leaves the events where they are.
            for code in self.watched:
                sys.monitoring.set_local_events(self.tool, code, 0)
            for event in (sys.monitoring.events.LINE, sys.monitoring.events.JUMP):
                sys.monitoring.register_callback(self.tool, event, None)
            sys.monitoring.free_tool_id(self.tool)
            self.tool, self.watched = None, []


REAL_SLEEP = time.sleep


def cpu_ns(ident):
    """CPU time of a thread; None where the system does not tell."""
    try:
        return time.clock_gettime_ns(time.pthread_getcpuclockid(ident))
    except (AttributeError, OSError):
        return None


class Beside:
    """All of it. To be made before the program is imported."""

    def __init__(self, loop_of):
        self.loop, self.sessions, self.threads = Loop(loop_of), Sessions(), Threads()

    def hold(self, others, one_pass):
        self.sessions.patch()
        if "sessions" in others:
            self.sessions.keep()
            one_pass()
            self.sessions.state = "held"
        if "loop" in others:
            self.loop.hold()
        if "threads" in others:
            self.threads.hold()

    def release(self):
        self.threads.release()
        self.loop.release()
        self.sessions.state = "free"

    def look(self, one_pass):
        """What goes on, and whether calls go on without it."""
        sessions = self.sessions
        sessions.patch()
        sessions.ran()
        shares = self.threads.watch()
        loop_share = self.loop.busy_share()
        if loop_share == 0.0:
            REAL_SLEEP(LOOK_S)
        idle = sessions.ran()
        began, passes = time.perf_counter(), []
        while len(passes) < PASSES or time.perf_counter() - began < LOOK_S:
            one_pass()
            passes.append(sessions.ran())
        took = time.perf_counter() - began
        threads = [one for one in shares() if one is None or one >= LEAST_SHARE]
        sessions.main = main_of(passes, idle, took / LOOK_S)
        patience = max(LEAST_PATIENCE_S, PATIENCE * took / len(passes))
        against = lambda other: self.reason_against(other, one_pass, patience)
        found = [self.found_loop(loop_share, against), self.found_sessions(idle, passes, against), self.found_threads(threads, against)]
        return {"others": found, "main": None if sessions.main is None else sessions.main.file}

    def found_loop(self, share, against):
        if share < LEAST_SHARE:
            return row("loop")
        seen = "busy for %s of the time between calls" % percent(share)
        self.loop.hold()
        left = self.loop.busy_share()
        held = self.loop.aside is not None
        self.loop.release()
        if not held or left > share / 2:
            return row("loop", seen, "what keeps the event loop busy is none of its planned tasks, and only those can be held")
        return row("loop", seen, against("loop"))

    def found_sessions(self, idle, passes, against):
        main = self.sessions.main
        others = {one for ran in [idle, *passes] for one in ran if one is not main}
        if main is None or not others:
            return row("sessions")
        if any(main not in ran for ran in passes):
            return row("sessions", "", "no session runs in all calls: each call opens new ones, or they run only sometimes")
        seen = "%s in addition to %s" % (", ".join(sorted({name_of(one) for one in others})), name_of(main))
        return row("sessions", seen, against("sessions"))

    def found_threads(self, shares, against):
        if not shares:
            return row("threads")
        if None in shares:
            return row("threads", str(len(shares)), "this system does not tell what threads do")
        most = percent(max(shares))
        seen = "one, at work for %s of the time" % most if len(shares) == 1 else "%d, at work for up to %s of the time" % (len(shares), most)
        self.threads.hold()
        left = self.threads.watch()
        REAL_SLEEP(LOOK_S / 2)
        still = max(left(), default=0.0)
        self.threads.release()
        if still > max(shares) / 2:
            where = "a thread computes without a line of Python" if sys.version_info >= (3, 12) else "before Python 3.12 a thread can be held where it waits, and one never does"
            return row("threads", seen, where)
        return row("threads", seen, against("threads"))

    def reason_against(self, other, one_pass, patience):
        """Why it cannot be held; None: calls go on as before. What a call waits for too long is let go."""
        late = []

        def let_go():
            late.append(True)
            self.release()

        self.hold([other], one_pass)
        timer = threading.Timer(patience, let_go)
        timer.daemon = True
        timer.start()
        self.threads.before.add(timer.ident)
        try:
            self.sessions.begin_pass()
            one_pass()
        except Exception as error:
            return "a call fails without it: %s: %s" % (type(error).__name__, error)
        finally:
            timer.cancel()
            if not late:
                self.release()
        return "a call waits for it" if late else None


def main_of(passes, idle, times):
    """The session that calls spend most in, less what runs whether there are calls or not."""
    spent = {}
    for ran in passes:
        for one, (_, ns) in ran.items():
            spent[one] = spent.get(one, 0) + ns
    spent = {one: ns - times * idle.get(one, (0, 0))[1] for one, ns in spent.items()}
    best = max(spent, key=spent.get, default=None)
    return best if best is not None and spent[best] > 0 else None


def row(other, seen=None, reason=None):
    return {"other": other, "seen": seen, "reason": reason}


def name_of(one):
    return os.path.basename(one.file) if one.file else "a model from memory"


def percent(share):
    return "%d %%" % round(100 * share)
