/** One shopper's conversation: its messages, what waits to be sent, and who answers. */

import { ApiError, type Api } from "./api.js";
import { Live } from "./live.js";
import type { Memory, State } from "./memory.js";
import type { Access, Choice, Frame, History, Outgoing, Owner, Row, TurnAnswer } from "./types.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** Answers of a broken server in a row before the shopper is asked to try again. */
const PATIENCE = 3;
const PAGE = 100;
const TYPING_MS = 6_000;
const TYPING_EVERY_MS = 2_500;
const KNOCKS = 2;

/** How the oldest unsent message stands: on its way, waiting for the network, or given up. */
export type QueueState = "sending" | "waiting" | "failed";
export type Link = "idle" | "connecting" | "online" | "offline";

export interface TalkEvents {
  changed(): void;
  /** A message that nobody has seen before: not one that was read again after a reload. */
  arrived(row: Row): void;
  failed(code: string): void;
}

export class Talk {
  readonly rows = new Map<string, Row>();
  link: Link = "idle";
  queueState: QueueState = "sending";
  owner: Owner;
  position: number | null = null;
  /** The server forgot the former conversation, so this is a new one. */
  renewed = false;
  identity: string | null = null;
  language = "";
  private synced = 0;
  /** Which conversation `rows` belong to. */
  private shown: string | undefined;
  private typingUntil = 0;
  private typedAt = 0;
  private attempts = 0;
  private knocks = 0;
  private flushing = false;
  private restored = false;
  private starting: Promise<void> | null = null;
  private syncing: Promise<void> | null = null;
  private stale = false;
  private retryTimer = 0;
  private readonly live: Live;

  constructor(
    private readonly api: Api,
    readonly memory: Memory,
    private readonly events: TalkEvents,
  ) {
    this.owner = memory.get().owner;
    this.live = new Live(() => this.api.socket(this.access as Access, this.synced), {
      opened: (again) => this.connected(again),
      frame: (frame) => this.receive(frame),
      poll: () => void this.sync().catch(() => undefined),
    });
  }

  get access(): Access | undefined {
    return this.memory.get().access;
  }

  get queue(): Outgoing[] {
    return this.memory.get().queue;
  }

  /** Confirmed messages in the order of the conversation. */
  get ordered(): Row[] {
    return [...this.rows.values()].sort((a, b) => a.seq - b.seq);
  }

  get isTyping(): boolean {
    const answering = this.flushing && this.owner === "bot" && this.queueState === "sending";
    return answering || Date.now() < this.typingUntil;
  }

  get unread(): number {
    const { read } = this.memory.get();
    return this.ordered.filter((row) => row.seq > read && row.speaker !== "shopper").length;
  }

  /** Begin or take up the conversation. Rejects when the server can't be reached. */
  async start(): Promise<void> {
    this.starting ??= this.begin().finally(() => (this.starting = null));
    await this.starting;
  }

  say(text: string, choice?: Choice): void {
    const client_id = newId();
    const outgoing: Outgoing = { client_id, text, at: new Date().toISOString() };
    if (choice && choice.label !== choice.value) outgoing.label = choice.label;
    this.memory.change((state) => {
      state.queue.push(outgoing);
      state.draft = "";
      state.activeAt = Date.now();
      if (outgoing.label) keepLabel(state, outgoing);
    });
    this.retry();
  }

  /** Send what waits, now. */
  retry(): void {
    this.attempts = 0;
    this.queueState = "sending";
    this.events.changed();
    void this.flush();
  }

  /** Take an unsent message back, to change it. */
  withdraw(client_id: string): void {
    this.unqueue(client_id);
    this.events.changed();
    void this.flush();
  }

  /** The shopper has the conversation before their eyes. */
  markRead(): void {
    const last = Math.floor(this.ordered.at(-1)?.seq ?? 0);
    if (last <= this.memory.get().read) return;
    this.memory.change((state) => (state.read = last));
    this.live.send({ type: "read", seq: last });
  }

  /** The shopper writes; an agent who waits wants to know. */
  typing(): void {
    if (this.owner !== "agent" || Date.now() - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = Date.now();
    this.live.send({ type: "typing" });
  }

  async rate(score: number): Promise<void> {
    const { access } = this;
    if (access) await this.api.rate(access, score);
    this.memory.change((state) => (state.rate = false));
    this.events.changed();
  }

  /** Sign the shopper in, or out with null; somebody else's conversation is left behind. */
  async setIdentity(identity: string | null): Promise<void> {
    this.identity = identity;
    const { subject, access } = this.memory.get();
    const now = identity ? subjectOf(identity) : undefined;
    if (subject !== undefined && subject !== now) {
      this.reset();
      return;
    }
    if (!identity || !access) return;
    try {
      await this.api.identify(access, identity);
      this.memory.change((state) => setSubject(state, now));
    } catch (error) {
      if (error instanceof ApiError && error.code === "other_customer") this.reset();
      else if (error instanceof ApiError && error.isLost) await this.renew();
      else this.events.failed(codeOf(error));
    }
  }

  /** Forget the conversation on this device and stand as before the first word. */
  reset(): void {
    this.forget();
    this.renewed = false;
    this.memory.change((state) => {
      state.queue = [];
      state.labels = {};
      state.draft = "";
    });
    this.events.changed();
  }

  /** The network or the page came back. */
  wake(): void {
    this.live.hurry();
    if (this.queue.length) this.retry();
  }

  /** Another tab changed what is kept: follow it into its conversation, or out of ours. */
  follow(): void {
    if (this.access?.id !== this.shown) {
      this.leave();
      if (this.access) this.start().catch(() => undefined);
    }
    this.events.changed();
  }

  private async begin(): Promise<void> {
    this.setLink("connecting");
    try {
      if (!this.access) await this.create();
      await this.sync();
    } catch (error) {
      this.setLink("offline");
      this.events.failed(codeOf(error));
      if (this.access) this.live.open();
      throw error;
    }
    this.live.open();
    void this.flush();
  }

  private async create(): Promise<void> {
    const identity = this.identity;
    let access: Access;
    let subject: string | undefined;
    try {
      access = await this.api.start(this.language, identity);
      subject = identity ? subjectOf(identity) : undefined;
    } catch (error) {
      if (!identity || !(error instanceof ApiError) || !error.isBadIdentity) throw error;
      // The page's identity is worth nothing; the shopper is served as a guest.
      this.events.failed(error.code);
      this.identity = null;
      access = await this.api.start(this.language, null);
    }
    this.shown = access.id;
    this.memory.change((state) => {
      state.access = { id: access.id, token: access.token };
      setSubject(state, subject);
    });
  }

  /** Read what is new. Who asks while a reading is on its way gets a second one: the first may
   * have been answered before what they heard of happened. */
  private async sync(): Promise<void> {
    if (this.syncing) {
      this.stale = true;
      return this.syncing;
    }
    this.syncing = this.readUp().finally(() => (this.syncing = null));
    await this.syncing;
  }

  private async readUp(): Promise<void> {
    do {
      this.stale = false;
      await this.catchUp();
    } while (this.stale);
  }

  private async catchUp(): Promise<void> {
    let access = this.access;
    this.shown = access?.id;
    for (let count = PAGE; access && count >= PAGE; access = this.access) {
      let history: History;
      try {
        history = await this.api.history(access, this.synced);
      } catch (error) {
        if (error instanceof ApiError && error.isLost) return this.renew();
        if (!this.live.isOpen) this.setLink("offline");
        throw error;
      }
      if (access.id !== this.access?.id) return;
      count = history.messages.length;
      history.messages.forEach((row) => this.put(row));
      this.synced = history.messages.reduce((top, row) => Math.max(top, row.seq), this.synced);
      this.setOwner(history.owner, history.handoff?.position ?? null);
    }
    this.restored = true;
    this.setLink("online");
  }

  private connected(again: boolean): void {
    this.setLink("online");
    if (again) void this.sync().catch(() => undefined);
    if (this.queue.length) this.retry();
  }

  private receive(frame: Frame): void {
    if (frame.type === "message") this.receiveMessage(frame);
    else if (frame.type === "owner") void this.sync().catch(() => undefined);
    else if (frame.type === "typing") this.showTyping();
  }

  private receiveMessage(frame: Frame): void {
    const row = frame as unknown as Row;
    if (typeof row.id !== "string" || typeof row.text !== "string") {
      void this.sync().catch(() => undefined);
      return;
    }
    if (row.speaker !== "shopper") this.typingUntil = 0;
    this.put(row);
    // Behind a gap may be something that was lost, or only a note for the staff.
    if (row.seq === this.synced + 1) this.synced = row.seq;
    else if (row.seq > this.synced) void this.sync().catch(() => undefined);
    this.events.changed();
  }

  private showTyping(): void {
    this.typingUntil = Date.now() + TYPING_MS;
    this.events.changed();
    window.setTimeout(() => this.events.changed(), TYPING_MS + 50);
  }

  private put(row: Row): void {
    const known = this.rows.get(row.id);
    this.rows.set(row.id, { ...known, ...row });
    if (row.client_id) this.unqueue(row.client_id);
    if (!known && this.restored) this.events.arrived(row);
  }

  private async flush(): Promise<void> {
    if (this.flushing) return;
    clearTimeout(this.retryTimer);
    this.flushing = true;
    try {
      for (;;) {
        const next = this.queue.find((entry) => !entry.refused);
        if (!next || !(await this.deliver(next))) break;
      }
    } finally {
      this.flushing = false;
      this.events.changed();
    }
  }

  /** Send one message; false means that the queue has to wait. */
  private async deliver(next: Outgoing): Promise<boolean> {
    try {
      if (!this.access) await this.start();
      const access = this.access as Access;
      this.queueState = "sending";
      this.events.changed();
      const answer = await this.api.say(access, next.client_id, next.text);
      if (access.id === this.access?.id) this.take(next, answer);
      return true;
    } catch (error) {
      return this.notDelivered(next, error);
    }
  }

  private take(sent: Outgoing, answer: TurnAnswer): void {
    this.attempts = this.knocks = 0;
    this.unqueue(sent.client_id);
    const first = answer.replies[0]?.seq ?? Math.floor(this.ordered.at(-1)?.seq ?? 0) + 1;
    this.put({
      speaker: "shopper",
      text: sent.text,
      client_id: sent.client_id,
      sent_at: sent.at,
      // Its own number is known when the row is read; until then it stands before its answer.
      seq: first - 0.5,
      ...this.rows.get(answer.message_id),
      id: answer.message_id,
    });
    answer.replies.forEach((row) => this.put(row));
    this.setOwner(answer.owner, answer.handoff?.position ?? null);
    this.setLink("online");
    if (!this.live.isOpen) void this.sync().catch(() => undefined);
  }

  private async notDelivered(next: Outgoing, error: unknown): Promise<boolean> {
    this.events.failed(codeOf(error));
    if (error instanceof ApiError && error.isLost && this.knocks < KNOCKS) {
      this.knocks += 1;
      await this.renew();
      return true;
    }
    if (error instanceof ApiError && error.isFinal) {
      this.memory.change((state) => {
        const entry = state.queue.find((one) => one.client_id === next.client_id);
        if (entry) entry.refused = error.code || String(error.status);
      });
      return true;
    }
    this.postpone(error);
    return false;
  }

  private postpone(error: unknown): void {
    this.attempts += 1;
    const answered = error instanceof ApiError && error.status !== 429;
    if (!answered && !(error instanceof ApiError)) this.setLink("offline");
    if (answered && this.attempts >= PATIENCE) {
      this.queueState = "failed";
      return;
    }
    this.queueState = "waiting";
    const asked = error instanceof ApiError ? error.retryAfter : null;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (this.attempts - 1), LONGEST_WAIT_MS);
    this.retryTimer = window.setTimeout(() => void this.flush(), asked ? asked * 1_000 : wait);
  }

  /** The server knows this conversation no more: go on in a new one, and say so. */
  private async renew(): Promise<void> {
    this.forget();
    this.renewed = true;
    this.events.changed();
    await this.create();
    this.restored = true;
    this.setLink("online");
    this.live.open();
  }

  private leave(): void {
    this.live.close();
    this.rows.clear();
    this.shown = undefined;
    this.synced = 0;
    this.typingUntil = 0;
    this.restored = false;
    this.owner = "bot";
    this.position = null;
    this.link = "idle";
  }

  private forget(): void {
    this.leave();
    this.memory.change((state) => {
      delete state.access;
      delete state.subject;
      state.rate = false;
      state.read = 0;
      state.owner = "bot";
    });
  }

  private setOwner(owner: Owner, position: number | null): void {
    const before = this.memory.get().owner;
    this.owner = owner;
    this.position = position;
    if (owner !== before) {
      this.memory.change((state) => {
        state.owner = owner;
        if (before === "agent" && owner === "bot") state.rate = true;
        if (owner !== "bot") state.rate = false;
      });
    }
    this.events.changed();
  }

  private setLink(link: Link): void {
    if (link === this.link) return;
    this.link = link;
    this.events.changed();
  }

  private unqueue(client_id: string): void {
    const queued = this.queue.some((entry) => entry.client_id === client_id);
    if (!queued) return;
    this.memory.change((state) => {
      state.queue = state.queue.filter((entry) => entry.client_id !== client_id);
    });
  }
}

function keepLabel(state: State, outgoing: Outgoing): void {
  const label = outgoing.label as string;
  state.labels[outgoing.client_id] = label;
  if (outgoing.text.startsWith("/")) state.labels[outgoing.text] = label;
}

function setSubject(state: State, subject: string | undefined): void {
  if (subject === undefined) delete state.subject;
  else state.subject = subject;
}

/** Whose token it is, unchecked: only to notice that another shopper signed in. */
function subjectOf(identity: string): string {
  try {
    const body = (identity.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    return String((JSON.parse(atob(body)) as { sub: unknown }).sub);
  } catch {
    return "";
  }
}

function codeOf(error: unknown): string {
  return error instanceof ApiError ? error.code || String(error.status) : "network";
}

/** `crypto.randomUUID` exists on secure pages only; shops are tried out on plain HTTP too. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
