// What `whyslow engines --json` writes: a public contract, version 1. Fields may be added, none dropped or changed without a new version.

export interface EnginesDocument {
  readonly schema: 'whyslow-engines/1'
  readonly tool: { readonly version: string }
  readonly engines: readonly EngineRow[]
}

export interface EngineRow {
  readonly id: string
  readonly title: string
  readonly here: boolean
  readonly version: string | null
  readonly device: string | null
  readonly deviceKind: 'cpu' | 'gpu' | 'npu' | 'software-gpu' | null // software-gpu: a graphics driver that computes on the CPU
  readonly precision?: string // what floats are computed in, where the engine chooses that; absent: what the model has
  readonly from: string | null // folder of the package
  readonly passedOver?: string // a nearer installation that was not taken, and why; absent: there was none
  readonly reason: string | null // why it is not here
  readonly fix: string | null // how to get it
}
