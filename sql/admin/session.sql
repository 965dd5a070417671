-- Included by the files that an administrator runs: whatever a role or the database sets, they run under these settings.
\if :{?schema} \else \set schema manufacturing_line \endif
SET statement_timeout = 0;
SET client_min_messages = warning;
SET standard_conforming_strings = on;
SET lock_timeout = '60s';
SET exit_on_error = off;
SET search_path = :"schema", pg_temp;
