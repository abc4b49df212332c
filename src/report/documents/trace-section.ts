// Part of the report document: what is told of a recording (whyslow explain trace.json), and of the model in it. Of the same contract.
/**
 * What a recording tells of its device. Shares of the time from the first to the last kernel or copy; each has what those before it do not
 * cover: compute, communication, copy, idle. They add up to 1.
 */
export interface TraceSection {
  format: string
  version: string | null
  recognisedBy: string
  recordedWith: string[] // beside times: shapes, stacks, memory, flops, modules
  windowMs: number | null // from the first to the last kernel or copy; without a device, of what is judged; null: the format has no time
  deviceBusyShare: number | null // the union of kernels and copies; null: no device was recorded
  computeShare: number | null
  communicationShare: number | null
  copyShare: number | null
  idleShare: number | null
  steps: number | null // that findings are about; null: none are marked
  leftOut: string[] // steps that are not: warm-up, cut
  judged: null | {
    windowMs: number // of all steps that findings are about
    stepMs: number // of one; findings and nodes give times of this
    deviceBusyShare: number | null
    computeShare: number | null
    communicationShare: number | null
    copyShare: number | null
    idleShare: number | null
  }
  latencyMs: number | null // of an unprofiled prediction, as given: times are scaled to it
  devices: { name: string; computeCapability: number | null; memoryBytes: number | null }[]
  otherDevices: { name: string; deviceBusyShare: number }[]
  model?: null | TraceModelSection // a file of the model that was recorded, where one was given
}

// Recorded operators joined with the nodes of the same model. Nodes that only lay numbers out anew, or compute shapes, are none.
export interface TraceModelSection {
  file: string
  format: string
  sha256: string
  nodes: number
  joinedNodes: number
  joinedShare: number // of the recorded time of operators
  runs: number // recorded predictions that called the same: times are their mean
  otherRuns: number // that called something else, left out
  sizes: Record<string, number> // what the model's symbols were in the recording, as joined shapes tell
  rows: {
    nodes: string[] // several where one recorded operator, or one kernel here, does all of them
    opType: string // of the first
    operators: string[] // as recorded
    by: 'name' | 'shapes and order' | 'shapes' | 'order'
    timeMs: number // recorded, or of the latency that was given
    share: number // of a recorded step
    macs: number | null // of the model's nodes, at the recorded sizes; null: not known
    flops: number | null
    bytes: number | null
    here: null | { nodes: string[]; timeMs: number; share: number } // measured here; null: no report was given, or no node of it does this
  }[] // in the order of the model
  notJoined: { node: string; opType: string }[]
  operatorsNotJoined: { name: string; calls: number; timeMs: number; share: number }[] // longest first
  here: null | {
    file: string
    cpu: string
    engine: string | null
    p50Ms: number
    joinedMs: number // of nodes beside recorded operators
    otherMs: number // of nodes that none was joined with
  }
}
