// A trial as it is in the queue: data alone. Models and inputs are named by their content, and never in it.

export interface FleetJob {
  schema: 'whyslow-job/2'
  kind: 'why' // the only kind there is
  trial: string // of its content and the run that asked for it: the same trial is the same job
  model: StoredFile[] // the model, and the files beside it that it needs
  data: StoredFile[] // the --data file; [] for synthetic inputs
  engine: string
  batch: number | null
  threads: number | null
  seconds: number | null
  quick: boolean
  labels: string | null
  shapes: Record<string, number[]>
  values: Record<string, string>
  run: string
  issuedAt: string // ISO 8601: a job is taken for seven days
  putBacks: number // how often an agent gave it back because the machine was disturbed
  signature: string | null // of all but itself and of the kind of machine that it is for, with the key that the fleet shares
}

export interface StoredFile {
  name: string // without a folder
  sha256: string
  sizeBytes: number
}
