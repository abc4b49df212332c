// The rules of load, in the order of their findings, listed by hand. A page of docs/findings tells each.
import type { LoadRule } from '../rule.ts'
import { batchHeadroomUnderLoad } from './batch-headroom-under-load.ts'
import { batchingHurts } from './batching-hurts.ts'
import { coldWorkers } from './cold-workers.ts'
import { connectionPerRequest } from './connection-per-request.ts'
import { delayedAck } from './delayed-ack.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'
import { garbageCollectionUnderLoad } from './garbage-collection-under-load.ts'
import { generatorLimited } from './generator-limited.ts'
import { headOfLineBlocking } from './head-of-line-blocking.ts'
import { jsonTensors } from './json-tensors.ts'
import { overloaded } from './overloaded.ts'
import { prefillStalls } from './prefill-stalls.ts'
import { queueingDominates } from './queueing-dominates.ts'
import { workersAgainstThreads } from './workers-against-threads.ts'

export const loadRules: readonly LoadRule[] = [
  generatorLimited,
  overloaded,
  queueingDominates,
  workersAgainstThreads,
  batchHeadroomUnderLoad,
  batchingHurts,
  headOfLineBlocking,
  prefillStalls,
  eventLoopBlocking,
  jsonTensors,
  garbageCollectionUnderLoad,
  coldWorkers,
  delayedAck,
  connectionPerRequest,
]
