// What `whyslow engines --json` writes: a public contract, version 1. Fields may be added, none dropped or changed without a new version.

export interface EnginesDocument {
  schema: 'whyslow-engines/1'
  tool: { version: string }
  engines: {
    id: string
    title: string
    here: boolean
    version: string | null
    device: string | null
    deviceKind: 'cpu' | 'gpu' | 'npu' | 'software-gpu' | null // software-gpu: a graphics driver that computes on the CPU
    precision?: string // what floats are computed in, where the engine chooses that; absent: what the model has
    from: string | null // folder of the package
    passedOver?: string // a nearer installation that was not taken, and why; absent: there was none
    reason: string | null // why it is not here
    fix: string | null // how to get it
  }[]
}
