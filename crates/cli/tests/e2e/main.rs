//! The program as its users run it: real processes, real sockets, PostgreSQL and Redis.

mod checklist_sql;
mod commands;
mod crash;
mod demo;
mod program;
mod site;
mod two_servers;
