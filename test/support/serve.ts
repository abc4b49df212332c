// A server that the command starts: ready, on ports that the system chose.
import { type Folders, start } from '../measured/command.ts'

export interface Serving {
  readonly address: string
  readonly port: number
  /** null without --grpc-port. */
  readonly grpcPort: number | null
  /** Of the process that a shell starts. */
  readonly pid: number
  /** What it has written on standard error. */
  readonly stderr: () => string
  /** Asks it to end; its exit code. */
  readonly end: () => Promise<number | null>
}

/** `serve` with these arguments. Rejects with what it said if it ended before it was ready. */
export async function startServe(where: Folders, ...argv: readonly string[]): Promise<Serving> {
  const { child, ended, said } = start(where, ['serve', ...argv, '--port', '0'])
  const found = await new Promise<RegExpExecArray>((resolve, reject) => {
    // One line is printed once all ports are open.
    child.stdout.on('data', () => {
      const ports = /at (http:\/\/\S+?:(\d+))\/v2(?:.*gRPC at 127\.0\.0\.1:(\d+))?[^\n]*\n/.exec(said.stdout)
      if (ports !== null) resolve(ports)
    })
    void ended.then(({ stderr }) => reject(new Error(`the server ended: ${stderr}`)), reject)
  })
  return {
    address: found[1]!,
    port: Number(found[2]),
    grpcPort: found[3] === undefined ? null : Number(found[3]),
    pid: child.pid!,
    stderr: () => said.stderr,
    async end() {
      child.kill('SIGTERM')
      return (await ended).status
    },
  }
}
