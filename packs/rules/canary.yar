/*
  The canary: proves that a scan reaches a place. Put the marker into a file or a process and ask
  fsa_yara_files or fsa_yara_memory; no row means that the scan did not look there. It is harmless
  and stands in no program. The marker is written in two parts, so that this file is no canary.
*/
rule fsa_canary : canary
{
  meta:
    description = "the marker that FSA's own tests and demonstrations plant"
    author = "FSA Tables"
    severity = 0

  strings:
    $marker = "FSA-CANARY-" ascii wide
    $number = /FSA-CANARY-[0-9a-f]{8}/ ascii

  condition:
    any of them
}
