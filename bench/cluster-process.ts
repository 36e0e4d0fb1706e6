// A cluster under test: real nodes as processes of their own around one Redis, with a realm that
// nobody else uses. It knows who leads from what the nodes log, and leaves nothing behind, neither
// in Postgres nor in Redis.

import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { NodeRole } from '../src/config.ts';
import { BenchRealm } from './bench-realm.ts';
import { end, launch, listening, removeLater } from './server-process.ts';
import type { Part, Subject } from './subject.ts';

export interface ClusterPlan {
  /** One node each. */
  readonly roles: readonly NodeRole[];
  readonly profile: string | null;
  readonly environment?: NodeJS.ProcessEnv;
}

const READY_MS = 60_000;
const CATCH_UP_MS = 120_000;
const POLL_MS = 10;
const LEADS = 'this node leads the realm';
const OPS = /operators +http:\/\/[^:]+:(\d+)\//;
const LONGEST_DELAY = /^tradepost_event_loop_delay_seconds\{quantile="1"\} (\S+)$/m;
const LAG = `select coalesce((select max(position) from journal), 0)
  - coalesce((select position from projection), 0)`;

/** What a node says when it has taken the realm over. */
export interface Takeover {
  readonly epoch: number;
  /** From the lease to the first command: claim, catching up, loading, checking. */
  readonly tookMs: number;
}

/** One process, from its start to its end; its successor is another one. */
export class ClusterMember {
  readonly name: string;
  readonly role: NodeRole;
  readonly #child: ChildProcess;
  port = 0;
  #opsPort = 0;
  /** The last time that it became the leader. */
  takeover: Takeover | null = null;

  constructor(name: string, role: NodeRole, child: ChildProcess) {
    this.name = name;
    this.role = role;
    this.#child = child;
    let line = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const whole of lines) {
        this.#opsPort = Number(OPS.exec(whole)?.[1] ?? this.#opsPort);
        if (whole.includes(LEADS)) this.takeover = JSON.parse(whole) as Takeover;
      }
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async listens(): Promise<void> {
    this.port = await listening(this.#child);
  }

  /** Whether it hears a leader and may get traffic. */
  async isReady(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/ready`);
    return answer.ok;
  }

  async longestDelayMs(): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.#opsPort}/metrics`);
    const seconds = LONGEST_DELAY.exec(await answer.text())?.[1];
    return Math.round(Number(seconds) * 1_000);
  }

  /** Resolves when it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return end(this.#child, signal);
  }
}

export class ClusterProcess implements Subject {
  readonly #plan: ClusterPlan;
  readonly #realm: BenchRealm;
  readonly #redis = new Redis(redisUrl(), { lazyConnect: true, retryStrategy: () => null });
  readonly #forget = removeLater(this);
  #members: ClusterMember[] = [];
  #redisPid = -1;
  #started = 0;

  constructor(plan: ClusterPlan) {
    this.#plan = plan;
    this.#realm = new BenchRealm('postgres', plan.environment ?? {});
  }

  /** Of the nodes that let sockets in and do not lead. */
  get ports(): readonly number[] {
    return this.followers.filter(({ role }) => role !== 'engine').map(({ port }) => port);
  }

  get parts(): readonly Part[] {
    const { leader } = this;
    const followers = this.followers.map(({ pid }, index) => ({
      name: `gateway${index + 1}`,
      pid,
      isServer: true,
    }));
    return [
      { name: 'leader', pid: leader.pid, isServer: true },
      ...followers,
      { name: 'redis', pid: this.#redisPid, isServer: false },
    ];
  }

  get leader(): ClusterMember {
    let leader: ClusterMember | undefined;
    for (const member of this.#members) {
      if (epochOf(member) > epochOf(leader)) leader = member;
    }
    if (leader === undefined) throw new Error('No node leads the realm.');
    return leader;
  }

  get followers(): readonly ClusterMember[] {
    const { leader } = this;
    return this.#members.filter(member => member !== leader);
  }

  get epoch(): number {
    return Math.max(...this.#members.map(epochOf));
  }

  async start(): Promise<void> {
    await this.#redis.connect();
    this.#redisPid = Number(/process_id:(\d+)/.exec(await this.#redis.info('server'))?.[1]);
    // The tables are made once, not by all at once.
    await this.#realm.ask('select 1');
    await Promise.all(this.#plan.roles.map(role => this.#launch(role)));
    await this.ready();
  }

  /** Starts all nodes at the same moment, on what they left when they were stopped. */
  async startAgain(): Promise<void> {
    this.#members = [];
    await Promise.all(this.#plan.roles.map(role => this.#launch(role)));
    await this.ready();
  }

  /** Of each node, how long its event loop was kept at most since it was last asked. */
  longestDelaysMs(): Promise<number[]> {
    return Promise.all(this.#members.map(member => member.longestDelayMs()));
  }

  /** Starts a node in the place of one that was ended. */
  async replace(ended: ClusterMember): Promise<void> {
    this.#members = this.#members.filter(member => member !== ended);
    await this.#launch(ended.role);
  }

  /** Resolves when all nodes hear the leader. */
  async ready(): Promise<void> {
    const deadlineMs = performance.now() + READY_MS;
    const isReady = async () =>
      this.epoch > 0 &&
      (await Promise.all(this.#members.map(member => member.isReady()))).every(Boolean);
    while (!(await isReady())) {
      if (performance.now() > deadlineMs) throw new Error('The cluster does not become ready.');
      await sleep(POLL_MS);
    }
  }

  token(player: string, role: 'service' | 'standard' = 'service'): Promise<string> {
    return this.#realm.token(player, role);
  }

  drain(): Promise<number> {
    const startedMs = performance.now();
    return this.#realm.asking(async ask => {
      while ((await ask(LAG)) > 0) {
        if (performance.now() - startedMs > CATCH_UP_MS) {
          throw new Error('The tables do not catch up with the journal.');
        }
        await sleep(POLL_MS);
      }
      return Math.round(performance.now() - startedMs);
    });
  }

  /** The leader last: what is under way elsewhere is answered by it. */
  async stop(): Promise<void> {
    const { leader, followers } = this;
    await Promise.all(followers.map(member => member.end('SIGTERM')));
    await leader.end('SIGTERM');
  }

  audit(): Promise<boolean> {
    return this.#realm.audit();
  }

  ask(sql: string): Promise<number> {
    return this.#realm.ask(sql);
  }

  async remove(): Promise<void> {
    this.#forget();
    await Promise.all(this.#members.map(member => member.end('SIGKILL')));
    if (this.#redis.status === 'ready') await this.#dropKeys();
    this.#redis.disconnect();
    await this.#realm.remove();
  }

  /** Their names have the identity of the realm in them, which the nodes alone know. */
  async #dropKeys(): Promise<void> {
    const pattern = `tradepost:{${this.#realm.name}:*`;
    for await (const keys of this.#redis.scanStream({ match: pattern, count: 1_000 })) {
      if (keys.length > 0) await this.#redis.del(...keys);
    }
  }

  async #launch(role: NodeRole): Promise<void> {
    const { environment } = this.#realm;
    this.#started += 1;
    const name = `node${this.#started}`;
    const child = launch(
      {
        ...environment,
        REDIS_URL: redisUrl(),
        NODE_ROLE: role,
        NODE_NAME: name,
        LOG_LEVEL: 'info',
      },
      this.#plan.profile,
    );
    const member = new ClusterMember(name, role, child);
    this.#members.push(member);
    await member.listens();
  }
}

function redisUrl(): string {
  return process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
}

function epochOf(member: ClusterMember | undefined): number {
  return member?.takeover?.epoch ?? 0;
}
