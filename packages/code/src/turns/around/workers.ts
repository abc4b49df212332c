// Worker threads of the user's own: how much they are at work, and holding them still, wherever they are, as a debugger does. Threads of
// native code (pools of engines, libuv) are not among them.
import inspector from 'node:inspector'
import type { Worker } from 'node:worker_threads'
import { wait } from './timers.ts'

/** A worker that has not stopped by then waits for something, or is in native code. */
const STOP_MS = 250
const LOOK_MS = 5

export class WatchedWorkers {
  private readonly alive = new Set<Worker>()
  private session: inspector.Session | null = null
  private readonly attached = new Set<string>()
  private readonly stopped = new Set<string>()
  private messages = 0

  /** Create it before the user's code is loaded. */
  constructor() {
    process.on('worker', (worker) => {
      this.alive.add(worker)
      worker.once('exit', () => this.alive.delete(worker))
    })
  }

  /** Tells, when called, the share of the time since that each of those alive was at work. */
  watch(): () => number[] {
    const before = [...this.alive].map((worker) => [worker, worker.performance.eventLoopUtilization()] as const)
    return () =>
      before.flatMap(([worker, then]) =>
        this.alive.has(worker) ? [worker.performance.eventLoopUtilization(then).utilization] : [],
      )
  }

  /** Those that compute stop where they are, those that wait as soon as they go on. */
  async hold(): Promise<void> {
    const session = new inspector.Session()
    this.session = session
    session.connect()
    session.on('NodeWorker.attachedToWorker', ({ params }) => this.stop(params))
    session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
      if ((JSON.parse(message) as { method?: string }).method === 'Debugger.paused') this.stopped.add(sessionId)
    })
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
    for (let waited = 0; waited < STOP_MS && !this.allStopped(); waited += LOOK_MS) await wait(LOOK_MS)
  }

  async release(): Promise<void> {
    for (const id of this.attached) {
      this.send(id, 'Debugger.resume')
      this.send(id, 'Debugger.disable')
    }
    this.session?.post('NodeWorker.disable')
    this.session?.disconnect()
    this.session = null
    this.attached.clear()
    this.stopped.clear()
  }

  private allStopped(): boolean {
    return this.attached.size > 0 && this.stopped.size === this.attached.size
  }

  private stop({ sessionId, workerInfo }: inspector.NodeWorker.AttachedToWorkerEventDataType): void {
    // Node's own loader of modules, and the thread that ends this process with its parent.
    if (/^(internal|node:)|\/end-with-parent-thread\.js$/.test(workerInfo.url)) return
    this.attached.add(sessionId)
    this.send(sessionId, 'Debugger.enable')
    this.send(sessionId, 'Debugger.pause')
  }

  private send(sessionId: string, method: string): void {
    const message = JSON.stringify({ id: ++this.messages, method })
    this.session?.post('NodeWorker.sendMessageToWorker', { sessionId, message })
  }
}
