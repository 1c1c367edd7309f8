/*
  What a file is, whatever it is called. Facts for a query to build on, no verdicts:

    SELECT path FROM fsa_yara_files
    WHERE path LIKE '/tmp/%' AND sigfile = 'packs/rules/executables.yar' AND rule = 'elf_program'
*/
rule pe_program : executable windows
{
  meta:
    description = "a PE image, by its two signatures"
    reference = "PE format specification, sections 2.1 and 2.2"

  condition:
    uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550
}

rule elf_program : executable linux
{
  meta:
    description = "an ELF file that is executable or shared"
    reference = "elf(5), e_type 2 and 3"

  condition:
    uint32(0) == 0x464C457F and (uint16(16) == 2 or uint16(16) == 3)
}

rule elf_without_sections : executable linux
{
  meta:
    description = "an ELF program with no section headers, as packers and droppers leave it"
    reference = "elf(5), e_shnum at 60 in 64-bit files and at 48 in 32-bit ones"

  condition:
    elf_program and ((uint8(4) == 2 and uint16(60) == 0) or (uint8(4) == 1 and uint16(48) == 0))
}

rule script_with_interpreter : script
{
  meta:
    description = "a script that names its interpreter in its first line"

  condition:
    uint16(0) == 0x2123
}
