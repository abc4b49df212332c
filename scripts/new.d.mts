/** Starts the peer in the repository at `root`. Returns the exit code, and what is printed: the files that it wrote, or why it wrote none. */
export function startPeer(root: string, kind?: string, path?: string): { status: number; stdout: string; stderr: string }
