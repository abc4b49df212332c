// A bucket of any store that speaks S3, by Amazon's own client, an optional package. Address, region and credentials come from where that client
// looks for them: AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID …, its profiles, the machine's role.
// https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type * as S3 from '@aws-sdk/client-s3'
import { InputError } from '@whyslow/graph/input-error.ts'
import { importOptional } from '@whyslow/measure/engines/optional-package.ts'
import { addressName, withoutPasswords } from '@whyslow/report/text/addresses.ts'
import { type FileStore, storePath } from './file-store.ts'

/** Most bytes of one upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html */
const MOST_IN_ONE = 5 * 2 ** 30
/** A download that breaks off goes on from where it was, so often without a byte more. */
const MOST_TRIES = 3
/** Stores other than Amazon's have no regions, and requests are signed for one all the same. */
const ANY_REGION = 'us-east-1'

interface Place {
  readonly bucket: string
  /** Ends with a slash if it is not empty. */
  readonly prefix: string
}

/** Throws InputError if it is none. */
export function s3Place(where: string): Place {
  const [, bucket, , rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/([^?#]*))?$/.exec(where) ?? []
  if (bucket === undefined)
    throw new InputError(`--shared-models ${addressName(where)}: give a bucket and a prefix, as in s3://bucket/models`)
  const prefix = rest.replace(/^\/+|\/+$/g, '')
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

/** Throws InputError if the address is none, or the package is absent. Nothing is asked yet. */
export async function openS3(where: string, env: NodeJS.ProcessEnv = process.env): Promise<FileStore> {
  const { bucket, prefix } = s3Place(where)
  const { S3Client, HeadObjectCommand, GetObjectCommand, PutObjectCommand } = await importOptional<typeof S3>(
    '@aws-sdk/client-s3',
    `--shared-models ${where}: S3`,
  )
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL
  const client = new S3Client({
    // Others than Amazon's know a bucket by the path, and some trip over checksums that nobody asked for.
    ...(endpoint === undefined
      ? {}
      : { endpoint, forcePathStyle: true, region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? ANY_REGION }),
    // Of a refused upload it would say on the screen that it is not sent again.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  // The address of a store may hold a password, and what the client throws may quote both.
  const secrets = [env.AWS_SECRET_ACCESS_KEY ?? '', env.AWS_SESSION_TOKEN ?? '']
  const said = (error: unknown) =>
    faultOf(where, error, (text) => withoutPasswords(text, { addresses: [endpoint ?? ''], secrets }))
  const objectOf = (sha256: string) => ({ Bucket: bucket, Key: prefix + storePath(sha256) })
  const sizeOf = async (sha256: string): Promise<number | undefined> => {
    try {
      return (await client.send(new HeadObjectCommand(objectOf(sha256)))).ContentLength
    } catch (error) {
      if (statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket') return undefined
      throw said(error)
    }
  }
  return {
    name: where,
    sizeOf,
    async holds(sha256, sizeBytes) {
      if ((await sizeOf(sha256)) !== sizeBytes) return false
      try {
        const { Body } = await client.send(new GetObjectCommand(objectOf(sha256)))
        const hash = createHash('sha256')
        let passed = 0
        for await (const chunk of Body as AsyncIterable<Uint8Array>) {
          passed += chunk.length
          // Leaving ends the connection.
          if (passed > sizeBytes) return false
          hash.update(chunk)
        }
        return hash.digest('hex') === sha256
      } catch {
        // One that cannot be read is none, and another comes in its place.
        return false
      }
    },
    async put(sha256, file) {
      const { size } = statSync(file)
      if (size > MOST_IN_ONE)
        throw new InputError(
          `--shared-models ${where}: ${file} is larger than the 5 GiB of one upload; give a folder that all machines see`,
        )
      const Body = createReadStream(file)
      try {
        await client.send(new PutObjectCommand({ ...objectOf(sha256), Body, ContentLength: size }))
      } catch (error) {
        throw said(error)
      } finally {
        Body.destroy()
      }
    },
    async get(sha256, to, { sizeBytes, signal }) {
      const lengthOf = () => statSync(to, { throwIfNoEntry: false })?.size ?? 0
      let farthest = 0
      for (let tries = 1; ; tries++) {
        const had = lengthOf()
        if (had > 0 && had === sizeBytes) return
        try {
          const range = had === 0 ? {} : { Range: `bytes=${had}-` }
          const options = signal === undefined ? {} : { abortSignal: signal }
          const { Body, ContentRange } = await client.send(new GetObjectCommand({ ...objectOf(sha256), ...range }), options)
          // Without it the whole file comes, from its beginning.
          const from = had > 0 && ContentRange !== undefined ? had : 0
          await append(Body as Readable, to, { from, most: sizeBytes - from, signal })
          if (lengthOf() === sizeBytes) return
          throw new Error('the connection ended early')
        } catch (error) {
          signal?.throwIfAborted()
          // If the server does not understand ranges, it begins again, and may end earlier.
          if (lengthOf() > farthest) {
            farthest = lengthOf()
            tries = 0
          }
          if (error instanceof InputError || statusOf(error) !== undefined || tries >= MOST_TRIES) throw said(error)
        }
      }
    },
    close: () => client.destroy(),
  }
}

interface Part {
  /** The file is cut to this many bytes first: it has as many, or begins again. */
  readonly from: number
  readonly most: number
  readonly signal: AbortSignal | undefined
}

/** Each piece is written before the next one is read, so that what came before an end is there. A store that sends more than it said fills no disk. */
async function append(source: Readable, to: string, { from, most, signal }: Part): Promise<void> {
  const file = await open(to, from === 0 ? 'w' : 'a')
  try {
    let passed = 0
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted()
      passed += chunk.length
      if (passed > most) throw new InputError('more came than its size says')
      await file.appendFile(chunk)
    }
  } finally {
    await file.close()
  }
}

/** Status of an answer; undefined if none came. A body that broke off has none. */
const statusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode

/** What the request is to blame for is InputError; what may be otherwise in a while is not, and a trial is tried again. */
function faultOf(where: string, error: unknown, hidden: (text: string) => string): Error {
  if (error instanceof InputError) return error
  const { name, message, code } = error as NodeJS.ErrnoException
  const status = statusOf(error)
  if (status === undefined || status >= 500)
    return new Error(`the store does not answer: ${hidden(code ?? message).replace(/\s+/g, ' ')}`)
  return new InputError(
    `--shared-models ${where}: the store says ${hidden(name)} (${status}); check the bucket, the credentials and the address (AWS_ENDPOINT_URL_S3)`,
  )
}
