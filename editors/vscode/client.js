// A client of the Language Server Protocol over a program's standard input and output. Needs nothing but Node, so that
// the extension can be packed without a network.
"use strict";

const { spawn } = require("child_process");

class Client {
  /**
   * @param {string} command  the program
   * @param {string[]} args  its arguments
   * @param {{cwd?: string, log?: (text: string) => void, onExit?: (reason: string) => void}} options
   */
  constructor(command, args, options = {}) {
    this.log = options.log || (() => {});
    this.waiting = new Map();
    this.handlers = new Map();
    this.next = 1;
    this.buffer = Buffer.alloc(0);
    this.closed = false;
    this.process = spawn(command, args, { cwd: options.cwd, stdio: ["pipe", "pipe", "pipe"] });
    this.process.stdout.on("data", (chunk) => this.receive(chunk));
    this.process.stderr.on("data", (chunk) => this.log(chunk.toString()));
    this.process.stdin.on("error", () => {});
    const end = (reason) => {
      if (this.closed) return;
      this.closed = true;
      for (const { reject } of this.waiting.values()) reject(new Error(reason));
      this.waiting.clear();
      if (options.onExit) options.onExit(reason);
    };
    this.process.on("error", (e) => end(`${command} cannot be started: ${e.message}`));
    this.process.on("exit", (code, signal) => end(`${command} ended (${signal || code})`));
  }

  /** What the server says unasked, by method. */
  on(method, handler) {
    this.handlers.set(method, handler);
  }

  request(method, params) {
    if (this.closed) return Promise.reject(new Error("the language server is not running"));
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ jsonrpc: "2.0", id, method, params });
    });
  }

  notify(method, params) {
    if (!this.closed) this.send({ jsonrpc: "2.0", method, params });
  }

  send(message) {
    const body = Buffer.from(JSON.stringify(message), "utf8");
    this.process.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.process.stdin.write(body);
  }

  receive(chunk) {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    for (;;) {
      const head = this.buffer.indexOf("\r\n\r\n");
      if (head < 0) return;
      const found = /Content-Length: *(\d+)/i.exec(this.buffer.subarray(0, head).toString("ascii"));
      const size = found ? Number(found[1]) : 0;
      const start = head + 4;
      if (this.buffer.length < start + size) return;
      const body = this.buffer.subarray(start, start + size).toString("utf8");
      this.buffer = this.buffer.subarray(start + size);
      this.handle(JSON.parse(body));
    }
  }

  handle(message) {
    if (message.method !== undefined) {
      const handler = this.handlers.get(message.method);
      const result = handler ? handler(message.params) : null;
      // A question of the server gets an answer, if only that there is none.
      if (message.id !== undefined) this.send({ jsonrpc: "2.0", id: message.id, result: result === undefined ? null : result });
      return;
    }
    const waiting = this.waiting.get(message.id);
    if (!waiting) return;
    this.waiting.delete(message.id);
    if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result);
  }

  async stop() {
    if (this.closed) return;
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    const patience = new Promise((resolve) => setTimeout(resolve, 2000));
    await Promise.race([this.request("shutdown", null).catch(() => {}), patience]);
    this.notify("exit", null);
    await Promise.race([gone, patience]);
    if (!this.closed) this.process.kill();
  }
}

module.exports = { Client };
