/** Keeps one socket open to the conversation, and asks by HTTP while there is none. */

import type { Frame } from "./types.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const POLL_MS = 4_000;
/** Failures in a row before polling starts. */
const PATIENCE = 2;

export interface LiveEvents {
  /** The socket is open; `again` says that there was one before, so something may be missed. */
  opened(again: boolean): void;
  frame(frame: Frame): void;
  /** No socket at the moment: ask by HTTP. */
  poll(): void;
}

export class Live {
  private socket: WebSocket | null = null;
  private failures = 0;
  private retryTimer = 0;
  private pollTimer = 0;
  private wanted = false;

  constructor(
    private readonly connect: () => WebSocket,
    private readonly events: LiveEvents,
  ) {}

  get isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.failures = 0;
    this.dial();
  }

  close(): void {
    this.wanted = false;
    clearTimeout(this.retryTimer);
    this.stopPolling();
    this.drop();
  }

  send(frame: Frame): void {
    if (this.isOpen) this.socket?.send(JSON.stringify(frame));
  }

  /** The network or the page came back: don't wait for the timer. */
  hurry(): void {
    if (!this.wanted) return;
    if (this.isOpen) this.events.poll();
    else if (this.socket?.readyState !== WebSocket.CONNECTING) this.dial();
  }

  private dial(): void {
    clearTimeout(this.retryTimer);
    this.drop();
    let socket: WebSocket;
    try {
      socket = this.connect();
    } catch {
      // The page's security policy forbids sockets: polling alone has to do.
      this.failed();
      return;
    }
    this.socket = socket;
    socket.onopen = () => {
      const again = this.failures > 0;
      this.failures = 0;
      this.stopPolling();
      this.events.opened(again);
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => {
      if (this.socket === socket) this.failed();
    };
  }

  private receive(data: unknown): void {
    let frame: unknown;
    try {
      frame = JSON.parse(String(data));
    } catch {
      return;
    }
    if (frame && typeof frame === "object") this.events.frame(frame as Frame);
  }

  private failed(): void {
    this.socket = null;
    if (!this.wanted) return;
    this.failures += 1;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (this.failures - 1), LONGEST_WAIT_MS);
    this.retryTimer = window.setTimeout(() => this.dial(), wait * (0.8 + Math.random() * 0.4));
    this.events.poll();
    if (this.failures >= PATIENCE && !this.pollTimer) {
      this.pollTimer = window.setInterval(() => {
        if (!document.hidden) this.events.poll();
      }, POLL_MS);
    }
  }

  private stopPolling(): void {
    clearInterval(this.pollTimer);
    this.pollTimer = 0;
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
