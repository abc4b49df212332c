// A program of the user's, started as it is and watched while requests arrive: how much of one is the model, the code, the queue.
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { machineOf } from '@whyslow/command/limits.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { documentHead } from '@whyslow/command/version.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { askGroupToEnd } from '@whyslow/measure/processes/end-process.ts'
import { type EndedProcess, endInWords, type RunningProcess, startProcess } from '@whyslow/measure/processes/start-process.ts'
import { time } from '@whyslow/measure/statistics/numbers.ts'
import type { WatchDocument } from '@whyslow/report/documents/watch.ts'
import { quoteWord } from '@whyslow/report/text/wrap.ts'
import { matchClient } from '../../watch/client.ts'
import { watchedEnvironment } from '../../watch/environment.ts'
import { partition } from '../../watch/partition.ts'
import { readRecords, type WatchRecords } from '../../watch/records.ts'
import { documentOf, type WatchResult } from './document.ts'
import type { Drive, DriveResult } from './drive-port.ts'
import { WATCH_DEFAULTS, type WatchOptions } from './options.ts'

/** The hooks write at least this often, ms. */
const WRITTEN_MS = 300
/** A server that is asked to end may answer what it accepted. */
const GRACE_MS = 3000

/**
 * `command`: its words. Throws InputError if it cannot be started, if it ends before anything was seen, if the options cannot be used, and if
 * there is nothing to say.
 */
export async function watch(
  command: readonly string[],
  given: Partial<WatchOptions>,
  ports: { readonly drive: Drive },
): Promise<WatchDocument> {
  const options = { ...WATCH_DEFAULTS, ...given }
  const { url, bodies, method, trials, onProgress: progress = () => {} } = options
  if (url === null && (bodies.length > 0 || method !== null || options.ratePerSecond !== null))
    throw new InputError(
      '--body, --http-method and --rate are for requests that whyslow sends; give --url, as in http://localhost:3000/predict',
    )
  const at = url !== null && URL.canParse(url) ? new URL(url) : null
  if (url !== null && !/^https?:$/.test(at?.protocol ?? ''))
    throw new InputError(`--url ${url}: give an address of HTTP, as in http://localhost:3000/predict`)
  return inTemporaryFolder(async (folder) => {
    const unlocked: string[] = []
    const work = () => watchIn(folder, command, { ...options, ...ports })
    const { seen, ...watched } = await (url === null ? work() : withMachineLock({ trials, progress }, work, unlocked))
    refuseNothing(seen, command, watched)
    const matched = matchClient(seen.requests, watched.driven?.sent ?? [], at?.pathname ?? '')
    const sent = new Map([...matched].filter(([, { isMeasured }]) => isMeasured))
    const machine = machineOf(trials)
    return {
      ...documentHead('whyslow-watch/1'),
      ...documentOf({
        seen,
        sent,
        command,
        url,
        machine,
        asked: askedWith(options),
        parted: partition(seen, sent),
        ...watched,
        warnings: unlocked,
      }),
    }
  })
}

/** How requests are sent, without headers, which may hold secrets. */
const askedWith = ({ bodies, method }: WatchOptions): string[] => [
  ...(method === null ? [] : ['--http-method', method]),
  ...bodies.flatMap((body) => ['--body', body]),
]

type Using = WatchOptions & { readonly drive: Drive }

type Outcome = Pick<WatchResult, 'seconds' | 'ended'> & { readonly driven: DriveResult | null; readonly how: EndedProcess }

async function watchIn(
  folder: string,
  command: readonly string[],
  options: Using,
): Promise<Outcome & { readonly seen: WatchRecords }> {
  const [executable, ...words] = command
  const records = join(folder, 'records')
  fs.mkdirSync(records)
  const begunMs = performance.now()
  const running = startProcess({
    executable: executable!,
    words,
    // What it prints goes to standard error: standard output is for the answer.
    stdio: ['ignore', 2, 2],
    env: watchedEnvironment(process.env, records),
    isUsers: true,
    hasGroup: true,
  })
  try {
    const outcome = await untilEnough(running, options)
    const seconds = (performance.now() - begunMs) / 1000
    await sleep(WRITTEN_MS)
    const how = await endSoftly(running)
    if (how.error !== null)
      throw new InputError(`${executable} cannot be started (${how.error.message}); is it installed, and on the PATH?`)
    const texts = fs.readdirSync(records).map((name) => fs.readFileSync(join(records, name), 'utf8'))
    return { ...outcome, seconds, how, seen: readRecords(texts) }
  } finally {
    await running.end()
  }
}

/** Until the requests are sent, the time is over, the command has ended, or the user has seen enough. */
async function untilEnough(running: RunningProcess, options: Using): Promise<Pick<Outcome, 'ended' | 'driven'>> {
  const { url, seconds, stopped, drive } = options
  const others = new AbortController()
  const { signal } = others
  const ends = running.ended.then(() => ({ ended: 'command' as const, driven: null }))
  const stops = stopped.then(() => ({ ended: 'signal' as const, driven: null }))
  const drives = url === null ? [] : [drive(url, options, signal).then((driven) => ({ ended: 'load' as const, driven }))]
  const lasts =
    url !== null || seconds === null
      ? []
      : [sleep(1000 * seconds, undefined, { signal }).then(() => ({ ended: 'seconds' as const, driven: null }))]
  for (const one of [...drives, ...lasts]) one.catch(() => {})
  try {
    return await Promise.race([ends, stops, ...drives, ...lasts])
  } finally {
    others.abort()
  }
}

async function endSoftly({ child, ended, end }: RunningProcess): Promise<EndedProcess> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) askGroupToEnd(child)
  const grace = new AbortController()
  const late = sleep(GRACE_MS, undefined, { signal: grace.signal }).then(end, () => ended)
  const how = await Promise.race([ended, late])
  grace.abort()
  return how
}

/** Says what was seen, and what to do. */
function refuseNothing(
  { processes, ports, requests, calls }: WatchRecords,
  command: readonly string[],
  { ended, how, seconds }: Outcome,
): void {
  if (requests.length > 0 || calls.length > 0) return
  const name = command.map(quoteWord).join(' ')
  const end = ended === 'command' ? `${endInWords(how)} after ${time(seconds * 1000)}` : `ran ${time(seconds * 1000)}`
  if (processes.length === 0)
    throw new InputError(
      `${name}: ${end}, and started no Node or Python process that whyslow can watch; give the command that starts the server itself`,
    )
  if (ended === 'command' && how.code !== 0) throw new InputError(`${name}: ${end}, before any request; what it printed says why`)
  const runtimes = [...new Set(processes.map(({ runtime }) => runtime))].join(', ')
  if (ports.length > 0)
    throw new InputError(
      `${name}: ${end}; ${runtimes} listens on port ${[...new Set(ports)].join(', ')}, but no request arrived; send some while it runs, or give --url http://localhost:${ports[0]}/…`,
    )
  throw new InputError(
    `${name}: ${end}; in ${runtimes} whyslow saw no HTTP request and no model of onnxruntime, TensorFlow.js, TensorFlow, PyTorch or scikit-learn; give the command that starts the server itself`,
  )
}
