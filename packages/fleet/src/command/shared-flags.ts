// What `fleet --queue` and `agent` are told alike, by flags or by the environment: the queue, the fleet's key and the folder that its machines see.
import { readFileSync } from 'node:fs'
import { stateOf } from '@whyslow/command/terminal/path-state.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'

const LEAST_KEY = 16
const VARIABLE = 'WHYSLOW_FLEET_KEY'

/** The fleet's key from the file, else from the environment; null if neither has one. */
export function fleetKey(file: string | undefined, env: NodeJS.ProcessEnv = process.env): string | null {
  const key = (file === undefined ? env[VARIABLE] : read(file))?.trim()
  if (key === undefined || (file === undefined && key === '')) return null
  if (key.length < LEAST_KEY)
    throw new UsageError(
      `${file === undefined ? VARIABLE : `--key-file ${file}`}: a key has ${LEAST_KEY} characters or more; make one with openssl rand -hex 32`,
    )
  return key
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(
      `--key-file ${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); give a file that holds the key`,
    )
  }
}

const QUEUE_VARIABLE = 'WHYSLOW_QUEUE'
const MODELS_VARIABLE = 'WHYSLOW_FLEET_MODELS'

/** Address from --queue, else from the environment; undefined if neither names one. */
export const queueAddress = (queue: string | undefined, env: NodeJS.ProcessEnv = process.env): string | undefined =>
  queue ?? (env[QUEUE_VARIABLE] || undefined)

/** Value of --shared-models, else of the environment: a folder, or a bucket of an S3 store, which is asked when it is used. */
export function sharedFolder(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const models = given ?? (env[MODELS_VARIABLE] || undefined)
  if (models === undefined)
    throw new UsageError(
      `--queue needs --shared-models, or ${MODELS_VARIABLE}: a folder that all machines of the fleet see, or s3://bucket/prefix`,
    )
  if (models.startsWith('s3://')) return models
  if (stateOf(models) === undefined)
    throw new UsageError(
      `${given === undefined ? MODELS_VARIABLE : '--shared-models'} ${addressName(models)}: no such folder; make it, where all machines see it`,
    )
  return models
}
