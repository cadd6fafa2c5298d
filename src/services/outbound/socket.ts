/** Sockets for drivers of other protocols than HTTP. */
import { isIP, Socket } from 'node:net'
import type { Egress } from '../egress.js'

/** A socket, not yet connected, that reaches only what the guard lets it: its address is checked when it connects. */
export function openSocket(egress: Egress): Socket {
  return new GuardedSocket(egress)
}

class GuardedSocket extends Socket {
  readonly #egress: Egress

  constructor(egress: Egress) {
    super()
    this.#egress = egress
  }

  /** As drivers call it: a TCP port and host. Everything else (paths of local sockets) is refused. */
  override connect(...given: unknown[]): this {
    const [port, host] = given
    if (typeof port !== 'number' || typeof host !== 'string') return this.destroy(new TypeError('Only a port and a host can be connected to'))
    try {
      if (isIP(host) !== 0) this.#egress.checkAddress(host)
    } catch (error) {
      return this.destroy(error as Error)
    }
    return super.connect({ port, host, lookup: this.#egress.lookup })
  }
}
